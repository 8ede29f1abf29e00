-- A store of schema version 1 as the program of that version left it: SQLite's own words for it.
CREATE TABLE meta(name TEXT PRIMARY KEY, value INTEGER NOT NULL) STRICT, WITHOUT ROWID;
CREATE TABLE journal(
  sequence INTEGER PRIMARY KEY,
  monotonic_us INTEGER NOT NULL,
  wall_us INTEGER NOT NULL,
  kind TEXT NOT NULL,
  command TEXT NOT NULL,
  effects TEXT NOT NULL,
  hash BLOB NOT NULL CHECK(length(hash) = 32)) STRICT;
CREATE TABLE accounts(
  id TEXT PRIMARY KEY,
  guarded INTEGER NOT NULL,
  balance INTEGER NOT NULL DEFAULT 0,
  held INTEGER NOT NULL DEFAULT 0 CHECK(held >= 0),
  credit_line INTEGER NOT NULL CHECK(credit_line >= 0),
  charged INTEGER NOT NULL DEFAULT 0,
  CHECK(guarded = 0 OR balance + credit_line - held >= 0)) STRICT, WITHOUT ROWID;
CREATE TABLE entries(
  id INTEGER PRIMARY KEY,
  journal INTEGER NOT NULL,
  account TEXT NOT NULL REFERENCES accounts(id),
  amount INTEGER NOT NULL CHECK(amount <> 0)) STRICT;
CREATE TABLE holds(
  id TEXT PRIMARY KEY,
  account TEXT NOT NULL,
  amount INTEGER NOT NULL CHECK(amount >= 0),
  lease INTEGER NOT NULL,
  body BLOB NOT NULL,
  quote TEXT NOT NULL) STRICT, WITHOUT ROWID;
CREATE TABLE records(
  tenant TEXT NOT NULL,
  sequence INTEGER NOT NULL,
  wall_us INTEGER NOT NULL,
  endpoint TEXT NOT NULL,
  lease TEXT NOT NULL,
  quote TEXT NOT NULL,
  journal INTEGER NOT NULL,
  hash BLOB NOT NULL,
  text TEXT NOT NULL,
  PRIMARY KEY(tenant, sequence)) STRICT, WITHOUT ROWID;
CREATE TABLE requests(
  tenant TEXT NOT NULL,
  kind TEXT NOT NULL,
  request TEXT NOT NULL,
  body BLOB NOT NULL,
  result TEXT NOT NULL,
  PRIMARY KEY(tenant, kind, request)) STRICT, WITHOUT ROWID;
CREATE TABLE price_books(
  version INTEGER PRIMARY KEY,
  currency TEXT NOT NULL,
  text TEXT NOT NULL) STRICT;
CREATE TABLE tenants(
  id TEXT PRIMARY KEY,
  name TEXT NOT NULL UNIQUE,
  created_us INTEGER NOT NULL,
  invoices INTEGER NOT NULL DEFAULT 0,
  invoiced_sequence INTEGER NOT NULL DEFAULT 0) STRICT, WITHOUT ROWID;
CREATE TABLE keys(
  id TEXT PRIMARY KEY,
  tenant TEXT NOT NULL REFERENCES tenants(id),
  name TEXT NOT NULL,
  hash BLOB NOT NULL UNIQUE,
  scopes INTEGER NOT NULL,
  created_us INTEGER NOT NULL,
  expires_us INTEGER NOT NULL,
  revoked INTEGER NOT NULL DEFAULT 0) STRICT, WITHOUT ROWID;
CREATE TABLE models(
  tenant TEXT NOT NULL REFERENCES tenants(id),
  id TEXT NOT NULL,
  name TEXT NOT NULL,
  kind TEXT NOT NULL,
  size_bytes INTEGER NOT NULL,
  signature TEXT NOT NULL,
  metadata TEXT NOT NULL,
  chip TEXT NOT NULL,
  cores INTEGER NOT NULL,
  created_us INTEGER NOT NULL,
  PRIMARY KEY(tenant, id)) STRICT, WITHOUT ROWID;
CREATE TABLE leases(
  id TEXT PRIMARY KEY,
  tenant TEXT NOT NULL REFERENCES tenants(id),
  request TEXT NOT NULL,
  name TEXT NOT NULL,
  offer TEXT NOT NULL,
  chip TEXT NOT NULL,
  cores INTEGER NOT NULL,
  term TEXT NOT NULL,
  state TEXT NOT NULL,
  reason TEXT NOT NULL DEFAULT '',
  seconds_max INTEGER NOT NULL,
  capacity_price INTEGER NOT NULL,
  work_price INTEGER NOT NULL,
  price_book_version INTEGER NOT NULL,
  quote TEXT NOT NULL,
  created_us INTEGER NOT NULL,
  started_us INTEGER NOT NULL DEFAULT -1,
  stopped_us INTEGER NOT NULL DEFAULT -1,
  ended_us INTEGER NOT NULL DEFAULT -1,
  seconds_used INTEGER NOT NULL DEFAULT 0,
  held INTEGER NOT NULL,
  charged INTEGER NOT NULL DEFAULT 0) STRICT, WITHOUT ROWID;
CREATE TABLE endpoints(
  id TEXT PRIMARY KEY,
  tenant TEXT NOT NULL REFERENCES tenants(id),
  name TEXT NOT NULL,
  model TEXT NOT NULL,
  lease TEXT NOT NULL,
  offer TEXT NOT NULL,
  chip TEXT NOT NULL,
  cores INTEGER NOT NULL,
  work_price INTEGER NOT NULL,
  price_book_version INTEGER NOT NULL,
  state TEXT NOT NULL,
  reason TEXT NOT NULL DEFAULT '',
  batches TEXT NOT NULL,
  preprocessing TEXT NOT NULL,
  labels TEXT NOT NULL,
  created_us INTEGER NOT NULL,
  UNIQUE(tenant, name)) STRICT, WITHOUT ROWID;
CREATE TABLE events(
  sequence INTEGER PRIMARY KEY,
  subject TEXT NOT NULL,
  wall_us INTEGER NOT NULL,
  what TEXT NOT NULL) STRICT;
CREATE TABLE invoices(
  tenant TEXT NOT NULL REFERENCES tenants(id),
  id TEXT NOT NULL,
  created_us INTEGER NOT NULL,
  first_sequence INTEGER NOT NULL,
  last_sequence INTEGER NOT NULL,
  records INTEGER NOT NULL,
  total_micro INTEGER NOT NULL,
  json TEXT NOT NULL,
  PRIMARY KEY(tenant, id)) STRICT, WITHOUT ROWID;
INSERT INTO meta VALUES('monotonic_us', 4142000000);
INSERT INTO journal VALUES(1, 1250000, 1795000000250000, 'open_book', '{"version":1,"currency":"USD","text":"version = 1\ncurrency = \"USD\"\n[[offer]]\nid = \"c.1.on_demand\"\nchip = \"c\"\ncores = 1\nterm = \"on_demand\"\ncapacity_micro_per_core_hour = 36\nwork_micro_per_core_hour = 100\nseconds_max = 86400\n[[offer]]\nid = \"c.1.reserved\"\nchip = \"c\"\ncores = 1\nterm = \"reserved\"\ncapacity_micro_per_core_hour = 36\nwork_micro_per_core_hour = 0\nseconds_max = 86400\n[[offer]]\nid = \"c.shared\"\nchip = \"c\"\ncores = 1\nterm = \"shared\"\nwork_micro_per_core_hour = 333\n"}', '', X'6718a8cf1d82f525520cca30f8022143dec53ed205be3717daccfba05c8f3048');
INSERT INTO journal VALUES(2, 1500000, 1795000000500000, 'create_tenant', '{"id":"tn_operator","name":"operator","credit_line":0}', '', X'c2d1ed73e5b31468df9cf530788faab142e7301395de9a7386658acb128b9d87');
INSERT INTO journal VALUES(3, 1750000, 1795000000750000, 'create_tenant', '{"id":"tn_a","name":"Acme","credit_line":5000000}', '', X'eba553c0b99a785e450017abef2bdea87c0557b94c165b4a7b1efca967051bd0');
INSERT INTO journal VALUES(4, 2000000, 1795000001000000, 'create_tenant', '{"id":"tn_b","name":"Other","credit_line":0}', '', X'aed09288c67cb8f8a2caf502c35bc3eba0ddfe1ebcd5aaa76c6a8c6a8ea89eb8');
INSERT INTO journal VALUES(5, 2250000, 1795000001250000, 'create_key', '{"id":"key_1","tenant":"tn_a","name":"first","hash":"5485cb5d03981cc3bd989290a6be33ca392c013279a5c3c3fd10a1cae57e1460","scopes":7,"expires_us":0}', '', X'5fd4938c755d1f37e70b9676201ed336fa394f87901431492e088c198341435e');
INSERT INTO journal VALUES(6, 2500000, 1795000001500000, 'create_key', '{"id":"key_2","tenant":"tn_a","name":"second","hash":"ded6c02a4bc1fb712f3b71efcb883ad5b31f4cef6a327b079573143ec9c71fb3","scopes":1,"expires_us":1900000000000000}', '', X'9eeecd0536aeda35bfc23409e97172540e89359a9c47f095cf30875763520aee');
INSERT INTO journal VALUES(7, 2750000, 1795000001750000, 'revoke_key', '{"id":"key_2"}', '', X'04e18dcab883e5806ad883e54fc9d45412475bc04e985fa1a78431952b745ef5');
INSERT INTO journal VALUES(8, 3000000, 1795000002000000, 'deposit', '{"tenant":"tn_a","request":"d1","amount":40000000}', 'entry operator:cash -40000000
entry tenant:tn_a 40000000
', X'ba9a49a59725aab0296e5b5516dc47e2259d0a36d3707b4f6014466fa488eeba');
INSERT INTO journal VALUES(9, 3250000, 1795000002250000, 'deposit', '{"tenant":"tn_b","request":"","amount":7}', 'entry operator:cash -7
entry tenant:tn_b 7
', X'cba1e60b3f04084d89bd2e8a7055b8a8522cc932b8a03ccc274594c67b9cf77b');
INSERT INTO journal VALUES(10, 3500000, 1795000002500000, 'set_credit_line', '{"tenant":"tn_a","credit_line":1000000}', '', X'9bef0ecad0a62b1a63fa182b3b375bb3dbe17d75b8de03c812db8a2da1a6e8ae');
INSERT INTO journal VALUES(11, 3750000, 1795000002750000, 'create_model', '{"tenant":"tn_a","id":"sha256:1","name":"resnet","kind":"onnx","size_bytes":1234,"signature":"{}","metadata":"{}","chip":"","cores":0}', '', X'aa5552a0437136359ceebb053c265edbe9277eba02a9668d568f5e8c510a534a');
INSERT INTO journal VALUES(12, 4000000, 1795000003000000, 'create_model', '{"tenant":"tn_a","id":"sha256:2","name":"old","kind":"onnx","size_bytes":99,"signature":"{}","metadata":"{}","chip":"","cores":0}', '', X'8e65bd458038277138a0cb99e087e8a8df15755790bcffbf16f0455e45f3dcd7');
INSERT INTO journal VALUES(13, 4250000, 1795000003250000, 'delete_model', '{"tenant":"tn_a","id":"sha256:2"}', '', X'0fc8e920e9cb86518a64a54a9a834feb189c01f16a44521670a30e34111a0838');
INSERT INTO journal VALUES(14, 4500000, 1795000003500000, 'request_lease', '{"id":"ls_1","tenant":"tn_a","request":"want ls_1","body":"d6f6f90a71115e470c9626bdc838fb4f23dd38610756be5f53d9df6cab8b466c","name":"a lease","offer":"c.1.on_demand","chip":"c","cores":1,"term":"on_demand","seconds_max":60,"capacity_price":36,"work_price":100,"price_book_version":1,"hold":600,"quote":"q_lease"}', '', X'4619846d60180446f050fdb1241a750bfcd4e2897bd9195f822c710fbeff011e');
INSERT INTO journal VALUES(15, 5750000, 1795000004750000, 'activate_lease', '{"id":"ls_1"}', '', X'12979a5111bdb25c2eecf4af9e41f4c61518a866547e398536024c2b091266c6');
INSERT INTO journal VALUES(16, 6000000, 1795000005000000, 'create_endpoint', '{"id":"ep_1","tenant":"tn_a","name":"leased","model":"sha256:1","lease":"ls_1","offer":"c.1.on_demand","chip":"c","cores":1,"work_price":100,"price_book_version":1,"batches":"1","preprocessing":"","labels":""}', '', X'd89fced57f7f39f3908f698cdf693dfb2938ebbf117eab5440aecf08f0447bef');
INSERT INTO journal VALUES(17, 6250000, 1795000005250000, 'create_endpoint', '{"id":"ep_2","tenant":"tn_a","name":"shared","model":"sha256:1","lease":"","offer":"c.shared","chip":"c","cores":1,"work_price":333,"price_book_version":1,"batches":"1","preprocessing":"","labels":""}', '', X'7b12526fe59cca0951f238e2769f1868be7d33ccf972b8a6e027dc08cb5ea3d6');
INSERT INTO journal VALUES(18, 6500000, 1795000005500000, 'set_endpoint_state', '{"id":"ep_1","state":"ready","reason":""}', '', X'46a17ee7789f8aac230d99b62c9c5ea02f1e275040dac5e4f4c504caae4eb594');
INSERT INTO journal VALUES(19, 6750000, 1795000005750000, 'set_endpoint_state', '{"id":"ep_2","state":"ready","reason":""}', '', X'f279d4586da6dfb9c5cb4852157c8b34a3637ba77b1755025c05b65d26ce28ec');
INSERT INTO journal VALUES(20, 7000000, 1795000006000000, 'hold_work', '{"tenant":"tn_a","request":"r1","named":1,"body":"ef88c760a39c1bf15cefaf94ef8642628bd3385367ab84aab694bdd0048910dd","amount":1004,"quote":""}', '', X'8c67b795839bbc0165bef984070840b31ac1e12907c3b060382950270b5fc031');
INSERT INTO journal VALUES(21, 8250000, 1795000007250000, 'post_work', '{"tenant":"tn_a","request":"r1","named":1,"endpoint":"ep_1","lease":"ls_1","offer":"c.1.on_demand","chip":"c","cores":1,"clock_hz":1000,"executable":"1310ca2c8932dbd118668bd97442558a3e1f546b5e15c69699dfbd6024f548d8","batch":1,"cycles":36123,"picojoules":252861,"price_book_version":1,"work_price":100,"quote":""}', 'entry tenant:tn_a -1004
entry operator:revenue 1004
record tn_a 1 50d32078e995558e2ed43efa6d1ea1541e8c2b4806de858305e203a319b14ae2
', X'e11e52a09a86c12de2c439e115b9664807f39ddb95fe99389ac6000d80bb26ee');
INSERT INTO journal VALUES(22, 8500000, 1795000007500000, 'hold_work', '{"tenant":"tn_a","request":"rq_2","named":0,"body":"4db81139caa11a1ef684f414df5b777a027afacbeb915e7ccc8f2df2b86f31ba","amount":463,"quote":""}', '', X'89ab17c8e6170b2b07c931993c1d8b725935eebc17ff53ab775e3d8e9056b1eb');
INSERT INTO journal VALUES(23, 9750000, 1795000008750000, 'post_work', '{"tenant":"tn_a","request":"rq_2","named":0,"endpoint":"ep_2","lease":"","offer":"c.shared","chip":"c","cores":1,"clock_hz":1000,"executable":"1310ca2c8932dbd118668bd97442558a3e1f546b5e15c69699dfbd6024f548d8","batch":1,"cycles":5001,"picojoules":35007,"price_book_version":1,"work_price":333,"quote":""}', 'entry tenant:tn_a -463
entry operator:revenue 463
record tn_a 2 8c4b7d8eed73c53ee7681f379d2c545dcb8e5b34ac781a97b85aa994f9d9fec2
', X'e229f6b5473ddf0e6de308fd32cc5fea172ff9f118b810ebf6d56ca9ca61b7a4');
INSERT INTO journal VALUES(24, 10000000, 1795000009000000, 'hold_work', '{"tenant":"tn_a","request":"r3","named":1,"body":"f56c2ede5b51d045e76842d9f955399f91099e828a0a6e2fb947f91ae2aea2fb","amount":72,"quote":"q_work"}', '', X'bfb12bea74f4162226057d8fabcf4e5d680a277f11536bc83dbc2656eddbfead');
INSERT INTO journal VALUES(25, 11250000, 1795000010250000, 'post_work', '{"tenant":"tn_a","request":"r3","named":1,"endpoint":"ep_2","lease":"","offer":"c.shared","chip":"c","cores":1,"clock_hz":1000,"executable":"1310ca2c8932dbd118668bd97442558a3e1f546b5e15c69699dfbd6024f548d8","batch":1,"cycles":777,"picojoules":5439,"price_book_version":1,"work_price":333,"quote":"q_work"}', 'entry tenant:tn_a -72
entry operator:revenue 72
record tn_a 3 06974787a948669885408158b21d6736e5ec1c5a93e32da7ba48a86e4cd25ed4
', X'e0adaf15620fc0784908c44f575e015e67b3761cd4ff300db849592fbaf1ecd9');
INSERT INTO journal VALUES(26, 11500000, 1795000010500000, 'hold_work', '{"tenant":"tn_a","request":"r4","named":1,"body":"4b227777d4dd1fc61c6f884f48641d02b4d121d3fd328cb08b5531fcacdabf8a","amount":1000,"quote":""}', '', X'15d29a9105339f47503556a3b84bdac56e65bb9db8541cf8d70d1030fcb4f29f');
INSERT INTO journal VALUES(27, 11750000, 1795000010750000, 'void_work', '{"tenant":"tn_a","request":"r4"}', '', X'5f7cd1dd475bab58077a318ec9b7818ec7e1b66993c250869692ee1f3787f75b');
INSERT INTO journal VALUES(28, 12000000, 1795000011000000, 'store_invoice', '{"id":"inv_tn_a_1","tenant":"tn_a","request":"bill 1","first_sequence":1,"last_sequence":3,"records":3,"total_micro":1,"rounding":539,"json":"{\n  \"invoice\": \"inv_tn_a_1\",\n  \"tenant\": \"tn_a\",\n  \"currency\": \"USD\",\n  \"created_at\": \"2026-11-18T11:06:50.750000Z\",\n  \"period_from\": \"2026-11-18T11:06:47.250000Z\",\n  \"period_to\": \"2026-11-18T11:06:50.250000Z\",\n  \"price_books\": [\n    {\"version\": 1, \"sha256\": \"085f0fb266b08dbf3d3ba156eade499e931ef68fa98f51c9a5ef5d7da7e966b4\"}\n  ],\n  \"lines\": [\n    {\"kind\": \"work\", \"subject\": \"ep_1\", \"offer\": \"c.1.on_demand\", \"chip\": \"c\", \"cores\": 1, \"price_book_version\": 1, \"micro_per_core_hour\": 100, \"count\": 1, \"seconds\": 0, \"cycles\": 36123, \"picojoules\": 252861, \"exact_nano\": 1004, \"amount_micro\": 1},\n    {\"kind\": \"work\", \"subject\": \"ep_2\", \"offer\": \"c.shared\", \"chip\": \"c\", \"cores\": 1, \"price_book_version\": 1, \"micro_per_core_hour\": 333, \"count\": 2, \"seconds\": 0, \"cycles\": 5778, \"picojoules\": 40446, \"exact_nano\": 535, \"amount_micro\": 0}\n  ],\n  \"records\": 3,\n  \"first_sequence\": 1,\n  \"last_sequence\": 3,\n  \"chain_before\": \"0000000000000000000000000000000000000000000000000000000000000000\",\n  \"chain_after\": \"06974787a948669885408158b21d6736e5ec1c5a93e32da7ba48a86e4cd25ed4\",\n  \"records_sha256\": \"9b2b9a2c6cf7fb900fb21548319a652ba39593923876e73e25679faaedd392a9\",\n  \"exact_nano\": 1539,\n  \"rounding_nano\": 539,\n  \"total_micro\": 1,\n  \"total\": \"0.000001\",\n  \"sha256\": \"87a968c82d7e7eec96232adc2ed1141d49d257e5f158c14a514c95d45c042cb1\"\n}\n"}', 'entry operator:rounding -539
entry tenant:tn_a 539
', X'02a5ce6abeac44f09d84434c6a93295e386bec52d9c20601ba027ec65f89aa78');
INSERT INTO journal VALUES(29, 32250000, 1795000031250000, 'drain_lease', '{"id":"ls_1","reason":"released"}', '', X'e9a518c23aba6ad1d7d3aa650792ecca09fb568e9c870e69af771e11293bbfd1');
INSERT INTO journal VALUES(30, 32500000, 1795000031500000, 'end_lease', '{"id":"ls_1","failed":0,"reason":""}', 'entry tenant:tn_a -270
entry operator:revenue 270
record tn_a 4 959b2c0af1fe623188251b0dda9ae3d519cbfd876c7e79715b3ff002c5ccd2aa
', X'226b0954a3b6808099b89be1cb26db0576ae20c39f9492e7d6ba80ae618adef4');
INSERT INTO journal VALUES(31, 32750000, 1795000031750000, 'request_lease', '{"id":"ls_2","tenant":"tn_a","request":"want ls_2","body":"8e7bb54f183d96d4c14ae769d109835bbf6048db3fdfd6d00aa10dd1700da0bd","name":"a lease","offer":"c.1.reserved","chip":"c","cores":1,"term":"reserved","seconds_max":4000,"capacity_price":36,"work_price":100,"price_book_version":1,"hold":72000,"quote":""}', '', X'520c976d54f5ef814c0dd0bc4398c7b5d1b9eb3f7ab7dc83e58f88c3cf85e468');
INSERT INTO journal VALUES(32, 33000000, 1795000032000000, 'activate_lease', '{"id":"ls_2"}', '', X'2a35d1c4650046b8b5daefdc93cc2fafac43c9e7984c864ee5dcae74a4988304');
INSERT INTO journal VALUES(33, 4133250000, 1795004132250000, 'end_lease', '{"id":"ls_2","failed":0,"reason":"its longest time is over"}', 'entry tenant:tn_a -72000
entry operator:revenue 72000
record tn_a 5 3d90f158a76040e3cbbfcbc0a82d3d771930fa54c2e40fa3e78a7935e1b98c71
', X'a4d535f4ad01710fe04de3369558993de3492ffdc25cc446a90abf73bb7f2bda');
INSERT INTO journal VALUES(34, 4133500000, 1795004132500000, 'request_lease', '{"id":"ls_3","tenant":"tn_a","request":"want ls_3","body":"c008edf0fc7a30776f46da3545fdf91b2be3185b889ab3ac2550b2718c121c85","name":"a lease","offer":"c.1.on_demand","chip":"c","cores":1,"term":"on_demand","seconds_max":600,"capacity_price":36,"work_price":100,"price_book_version":1,"hold":6000,"quote":""}', '', X'd9eaef7cbddb302e151cda7a1e1966961babe99cde0dfa9a43282aefdae64da7');
INSERT INTO journal VALUES(35, 4133750000, 1795004132750000, 'end_lease', '{"id":"ls_3","failed":1,"reason":"no core came up"}', '', X'2713f215592f85ef0803a888a63b9791022cdddac4c6a0fe72ea5051aa2830e8');
INSERT INTO journal VALUES(36, 4134000000, 1795004133000000, 'store_invoice', '{"id":"inv_tn_a_2","tenant":"tn_a","request":"bill 2","first_sequence":4,"last_sequence":5,"records":2,"total_micro":72,"rounding":270,"json":"{\n  \"invoice\": \"inv_tn_a_2\",\n  \"tenant\": \"tn_a\",\n  \"currency\": \"USD\",\n  \"created_at\": \"2026-11-18T12:15:32.750000Z\",\n  \"period_from\": \"2026-11-18T11:07:11.500000Z\",\n  \"period_to\": \"2026-11-18T12:15:32.250000Z\",\n  \"price_books\": [\n    {\"version\": 1, \"sha256\": \"085f0fb266b08dbf3d3ba156eade499e931ef68fa98f51c9a5ef5d7da7e966b4\"}\n  ],\n  \"lines\": [\n    {\"kind\": \"capacity\", \"subject\": \"ls_1\", \"offer\": \"c.1.on_demand\", \"chip\": \"c\", \"cores\": 1, \"price_book_version\": 1, \"micro_per_core_hour\": 36, \"count\": 1, \"seconds\": 27, \"cycles\": 0, \"picojoules\": 0, \"exact_nano\": 270, \"amount_micro\": 0},\n    {\"kind\": \"capacity\", \"subject\": \"ls_2\", \"offer\": \"c.1.reserved\", \"chip\": \"c\", \"cores\": 1, \"price_book_version\": 1, \"micro_per_core_hour\": 36, \"count\": 1, \"seconds\": 7200, \"cycles\": 0, \"picojoules\": 0, \"exact_nano\": 72000, \"amount_micro\": 72}\n  ],\n  \"records\": 2,\n  \"first_sequence\": 4,\n  \"last_sequence\": 5,\n  \"chain_before\": \"06974787a948669885408158b21d6736e5ec1c5a93e32da7ba48a86e4cd25ed4\",\n  \"chain_after\": \"3d90f158a76040e3cbbfcbc0a82d3d771930fa54c2e40fa3e78a7935e1b98c71\",\n  \"records_sha256\": \"466f6e32720c12f30c8f32f6be1492c6ab52fc563e33e8b897055b583bc43ae4\",\n  \"exact_nano\": 72270,\n  \"rounding_nano\": 270,\n  \"total_micro\": 72,\n  \"total\": \"0.000072\",\n  \"sha256\": \"5655c00af0132763e551fc76224d1b39f5c3206c3b5b35a2ff5f3c118eee715c\"\n}\n"}', 'entry operator:rounding -270
entry tenant:tn_a 270
', X'738697219e8ab95157376b3b41e59bcf39f963c3ab435effc1669e800133464f');
INSERT INTO journal VALUES(37, 4134250000, 1795004133250000, 'delete_endpoint', '{"id":"ep_1"}', '', X'ba267dd7bd8452422be80017fc82f05241a384cfa0037eaa4eb84fc8a4e85b01');
INSERT INTO journal VALUES(38, 4134500000, 1795004133500000, 'request_lease', '{"id":"ls_4","tenant":"tn_a","request":"want ls_4","body":"dda1fcc6df073a74ae410f7a5eb19c7303385d1be56117012ee8721b1e66e771","name":"a lease","offer":"c.1.on_demand","chip":"c","cores":1,"term":"on_demand","seconds_max":7200,"capacity_price":36,"work_price":100,"price_book_version":1,"hold":72000,"quote":""}', '', X'c9a796781d9fd7580034a5aa6149d6eb44e3c4ac265d08c7c220746d70263d73');
INSERT INTO journal VALUES(39, 4134750000, 1795004133750000, 'activate_lease', '{"id":"ls_4"}', '', X'706932405161d655720b42d9ffb274c764a63d8e067849642b68f191ad1e497b');
INSERT INTO journal VALUES(40, 4142000000, 1795004141000000, 'hold_work', '{"tenant":"tn_a","request":"cut off","named":1,"body":"ef2d127de37b942baad06145e54b0c619a1f22327b2ebbcfbec78f5564afe39d","amount":1500,"quote":""}', '', X'45474cf0bceeaa73e2f861a9daab241260e87aadc39982f7fc4c6e4be378e098');
INSERT INTO accounts VALUES('operator:cash', 0, -40000007, 0, 0, 0);
INSERT INTO accounts VALUES('operator:revenue', 0, 73809, 0, 0, 0);
INSERT INTO accounts VALUES('operator:rounding', 0, -809, 0, 0, 0);
INSERT INTO accounts VALUES('tenant:tn_a', 1, 39927000, 73500, 1000000, 73000);
INSERT INTO accounts VALUES('tenant:tn_b', 1, 7, 0, 0, 0);
INSERT INTO accounts VALUES('tenant:tn_operator', 1, 0, 0, 0, 0);
INSERT INTO entries VALUES(1, 8, 'operator:cash', -40000000);
INSERT INTO entries VALUES(2, 8, 'tenant:tn_a', 40000000);
INSERT INTO entries VALUES(3, 9, 'operator:cash', -7);
INSERT INTO entries VALUES(4, 9, 'tenant:tn_b', 7);
INSERT INTO entries VALUES(5, 21, 'tenant:tn_a', -1004);
INSERT INTO entries VALUES(6, 21, 'operator:revenue', 1004);
INSERT INTO entries VALUES(7, 23, 'tenant:tn_a', -463);
INSERT INTO entries VALUES(8, 23, 'operator:revenue', 463);
INSERT INTO entries VALUES(9, 25, 'tenant:tn_a', -72);
INSERT INTO entries VALUES(10, 25, 'operator:revenue', 72);
INSERT INTO entries VALUES(11, 28, 'operator:rounding', -539);
INSERT INTO entries VALUES(12, 28, 'tenant:tn_a', 539);
INSERT INTO entries VALUES(13, 30, 'tenant:tn_a', -270);
INSERT INTO entries VALUES(14, 30, 'operator:revenue', 270);
INSERT INTO entries VALUES(15, 33, 'tenant:tn_a', -72000);
INSERT INTO entries VALUES(16, 33, 'operator:revenue', 72000);
INSERT INTO entries VALUES(17, 36, 'operator:rounding', -270);
INSERT INTO entries VALUES(18, 36, 'tenant:tn_a', 270);
INSERT INTO holds VALUES('lease:ls_4', 'tenant:tn_a', 72000, 1, X'dda1fcc6df073a74ae410f7a5eb19c7303385d1be56117012ee8721b1e66e771', '');
INSERT INTO holds VALUES('work:tn_a:cut off', 'tenant:tn_a', 1500, 0, X'ef2d127de37b942baad06145e54b0c619a1f22327b2ebbcfbec78f5564afe39d', '');
INSERT INTO records VALUES('tn_a', 1, 1795000007250000, 'ep_1', 'ls_1', '', 21, X'50d32078e995558e2ed43efa6d1ea1541e8c2b4806de858305e203a319b14ae2', '{"sequence":1,"tenant":"tn_a","kind":"work","request":"r1","endpoint":"ep_1","lease":"ls_1","offer":"c.1.on_demand","chip":"c","cores":1,"clock_hz":1000,"executable":"1310ca2c8932dbd118668bd97442558a3e1f546b5e15c69699dfbd6024f548d8","batch":1,"cycles":36123,"picojoules":252861,"seconds":0,"price_book_version":1,"micro_per_core_hour":100,"price_nano":1004,"quote":"","monotonic_us":8250000,"at":"2026-11-18T11:06:47.250000Z","previous":"0000000000000000000000000000000000000000000000000000000000000000","hash":"50d32078e995558e2ed43efa6d1ea1541e8c2b4806de858305e203a319b14ae2"}');
INSERT INTO records VALUES('tn_a', 2, 1795000008750000, 'ep_2', '', '', 23, X'8c4b7d8eed73c53ee7681f379d2c545dcb8e5b34ac781a97b85aa994f9d9fec2', '{"sequence":2,"tenant":"tn_a","kind":"work","request":"rq_2","endpoint":"ep_2","lease":"","offer":"c.shared","chip":"c","cores":1,"clock_hz":1000,"executable":"1310ca2c8932dbd118668bd97442558a3e1f546b5e15c69699dfbd6024f548d8","batch":1,"cycles":5001,"picojoules":35007,"seconds":0,"price_book_version":1,"micro_per_core_hour":333,"price_nano":463,"quote":"","monotonic_us":9750000,"at":"2026-11-18T11:06:48.750000Z","previous":"50d32078e995558e2ed43efa6d1ea1541e8c2b4806de858305e203a319b14ae2","hash":"8c4b7d8eed73c53ee7681f379d2c545dcb8e5b34ac781a97b85aa994f9d9fec2"}');
INSERT INTO records VALUES('tn_a', 3, 1795000010250000, 'ep_2', '', 'q_work', 25, X'06974787a948669885408158b21d6736e5ec1c5a93e32da7ba48a86e4cd25ed4', '{"sequence":3,"tenant":"tn_a","kind":"work","request":"r3","endpoint":"ep_2","lease":"","offer":"c.shared","chip":"c","cores":1,"clock_hz":1000,"executable":"1310ca2c8932dbd118668bd97442558a3e1f546b5e15c69699dfbd6024f548d8","batch":1,"cycles":777,"picojoules":5439,"seconds":0,"price_book_version":1,"micro_per_core_hour":333,"price_nano":72,"quote":"q_work","monotonic_us":11250000,"at":"2026-11-18T11:06:50.250000Z","previous":"8c4b7d8eed73c53ee7681f379d2c545dcb8e5b34ac781a97b85aa994f9d9fec2","hash":"06974787a948669885408158b21d6736e5ec1c5a93e32da7ba48a86e4cd25ed4"}');
INSERT INTO records VALUES('tn_a', 4, 1795000031500000, '', 'ls_1', 'q_lease', 30, X'959b2c0af1fe623188251b0dda9ae3d519cbfd876c7e79715b3ff002c5ccd2aa', '{"sequence":4,"tenant":"tn_a","kind":"capacity","request":"ls_1","endpoint":"","lease":"ls_1","offer":"c.1.on_demand","chip":"c","cores":1,"clock_hz":0,"executable":"0000000000000000000000000000000000000000000000000000000000000000","batch":0,"cycles":0,"picojoules":0,"seconds":27,"price_book_version":1,"micro_per_core_hour":36,"price_nano":270,"quote":"q_lease","monotonic_us":32500000,"at":"2026-11-18T11:07:11.500000Z","previous":"06974787a948669885408158b21d6736e5ec1c5a93e32da7ba48a86e4cd25ed4","hash":"959b2c0af1fe623188251b0dda9ae3d519cbfd876c7e79715b3ff002c5ccd2aa"}');
INSERT INTO records VALUES('tn_a', 5, 1795004132250000, '', 'ls_2', '', 33, X'3d90f158a76040e3cbbfcbc0a82d3d771930fa54c2e40fa3e78a7935e1b98c71', '{"sequence":5,"tenant":"tn_a","kind":"capacity","request":"ls_2","endpoint":"","lease":"ls_2","offer":"c.1.reserved","chip":"c","cores":1,"clock_hz":0,"executable":"0000000000000000000000000000000000000000000000000000000000000000","batch":0,"cycles":0,"picojoules":0,"seconds":7200,"price_book_version":1,"micro_per_core_hour":36,"price_nano":72000,"quote":"","monotonic_us":4133250000,"at":"2026-11-18T12:15:32.250000Z","previous":"959b2c0af1fe623188251b0dda9ae3d519cbfd876c7e79715b3ff002c5ccd2aa","hash":"3d90f158a76040e3cbbfcbc0a82d3d771930fa54c2e40fa3e78a7935e1b98c71"}');
INSERT INTO requests VALUES('tn_a', 'deposit', 'd1', X'745cce879aa4a82e05b530b97558450e0bdd19b17ea337df4b26b5b7759aa1a7', 'done');
INSERT INTO requests VALUES('tn_a', 'infer', 'r1', X'ef88c760a39c1bf15cefaf94ef8642628bd3385367ab84aab694bdd0048910dd', '1');
INSERT INTO requests VALUES('tn_a', 'infer', 'r3', X'f56c2ede5b51d045e76842d9f955399f91099e828a0a6e2fb947f91ae2aea2fb', '3');
INSERT INTO requests VALUES('tn_a', 'invoice', 'bill 1', X'52d6e3de4fa0dcc29946695f93940c3e7f26f30e1e39f4b1a49ad98839112786', 'inv_tn_a_1');
INSERT INTO requests VALUES('tn_a', 'invoice', 'bill 2', X'52d6e3de4fa0dcc29946695f93940c3e7f26f30e1e39f4b1a49ad98839112786', 'inv_tn_a_2');
INSERT INTO requests VALUES('tn_a', 'lease', 'want ls_1', X'd6f6f90a71115e470c9626bdc838fb4f23dd38610756be5f53d9df6cab8b466c', 'ls_1');
INSERT INTO requests VALUES('tn_a', 'lease', 'want ls_2', X'8e7bb54f183d96d4c14ae769d109835bbf6048db3fdfd6d00aa10dd1700da0bd', 'ls_2');
INSERT INTO requests VALUES('tn_a', 'lease', 'want ls_3', X'c008edf0fc7a30776f46da3545fdf91b2be3185b889ab3ac2550b2718c121c85', 'ls_3');
INSERT INTO requests VALUES('tn_a', 'lease', 'want ls_4', X'dda1fcc6df073a74ae410f7a5eb19c7303385d1be56117012ee8721b1e66e771', 'ls_4');
INSERT INTO price_books VALUES(1, 'USD', 'version = 1
currency = "USD"
[[offer]]
id = "c.1.on_demand"
chip = "c"
cores = 1
term = "on_demand"
capacity_micro_per_core_hour = 36
work_micro_per_core_hour = 100
seconds_max = 86400
[[offer]]
id = "c.1.reserved"
chip = "c"
cores = 1
term = "reserved"
capacity_micro_per_core_hour = 36
work_micro_per_core_hour = 0
seconds_max = 86400
[[offer]]
id = "c.shared"
chip = "c"
cores = 1
term = "shared"
work_micro_per_core_hour = 333
');
INSERT INTO tenants VALUES('tn_a', 'Acme', 1795000000750000, 2, 5);
INSERT INTO tenants VALUES('tn_b', 'Other', 1795000001000000, 0, 0);
INSERT INTO tenants VALUES('tn_operator', 'operator', 1795000000500000, 0, 0);
INSERT INTO keys VALUES('key_1', 'tn_a', 'first', X'5485cb5d03981cc3bd989290a6be33ca392c013279a5c3c3fd10a1cae57e1460', 7, 1795000001250000, 0, 0);
INSERT INTO keys VALUES('key_2', 'tn_a', 'second', X'ded6c02a4bc1fb712f3b71efcb883ad5b31f4cef6a327b079573143ec9c71fb3', 1, 1795000001500000, 1900000000000000, 1);
INSERT INTO models VALUES('tn_a', 'sha256:1', 'resnet', 'onnx', 1234, '{}', '{}', '', 0, 1795000002750000);
INSERT INTO leases VALUES('ls_1', 'tn_a', 'want ls_1', 'a lease', 'c.1.on_demand', 'c', 1, 'on_demand', 'ended', 'released', 60, 36, 100, 1, 'q_lease', 1795000003500000, 5750000, 32250000, 1795000031500000, 27, 0, 270);
INSERT INTO leases VALUES('ls_2', 'tn_a', 'want ls_2', 'a lease', 'c.1.reserved', 'c', 1, 'reserved', 'ended', 'its longest time is over', 4000, 36, 100, 1, '', 1795000031750000, 33000000, -1, 1795004132250000, 7200, 0, 72000);
INSERT INTO leases VALUES('ls_3', 'tn_a', 'want ls_3', 'a lease', 'c.1.on_demand', 'c', 1, 'on_demand', 'failed', 'no core came up', 600, 36, 100, 1, '', 1795004132500000, -1, -1, 1795004132750000, 0, 0, 0);
INSERT INTO leases VALUES('ls_4', 'tn_a', 'want ls_4', 'a lease', 'c.1.on_demand', 'c', 1, 'on_demand', 'active', '', 7200, 36, 100, 1, '', 1795004133500000, 4134750000, -1, -1, 0, 72000, 0);
INSERT INTO endpoints VALUES('ep_2', 'tn_a', 'shared', 'sha256:1', '', 'c.shared', 'c', 1, 333, 1, 'ready', '', '1', '', '', 1795000005250000);
INSERT INTO events VALUES(1, 'ls_1', 1795000003500000, 'requested');
INSERT INTO events VALUES(2, 'ls_1', 1795000004750000, 'active');
INSERT INTO events VALUES(3, 'ep_1', 1795000005000000, 'created');
INSERT INTO events VALUES(4, 'ep_2', 1795000005250000, 'created');
INSERT INTO events VALUES(5, 'ep_1', 1795000005500000, 'ready');
INSERT INTO events VALUES(6, 'ep_2', 1795000005750000, 'ready');
INSERT INTO events VALUES(7, 'ls_1', 1795000031250000, 'draining: released');
INSERT INTO events VALUES(8, 'ls_1', 1795000031500000, 'ended: released');
INSERT INTO events VALUES(9, 'ls_2', 1795000031750000, 'requested');
INSERT INTO events VALUES(10, 'ls_2', 1795000032000000, 'active');
INSERT INTO events VALUES(11, 'ls_2', 1795004132250000, 'ended: its longest time is over');
INSERT INTO events VALUES(12, 'ls_3', 1795004132500000, 'requested');
INSERT INTO events VALUES(13, 'ls_3', 1795004132750000, 'failed: no core came up');
INSERT INTO events VALUES(14, 'ep_1', 1795004133250000, 'deleted');
INSERT INTO events VALUES(15, 'ls_4', 1795004133500000, 'requested');
INSERT INTO events VALUES(16, 'ls_4', 1795004133750000, 'active');
INSERT INTO invoices VALUES('tn_a', 'inv_tn_a_1', 1795000011000000, 1, 3, 3, 1, '{
  "invoice": "inv_tn_a_1",
  "tenant": "tn_a",
  "currency": "USD",
  "created_at": "2026-11-18T11:06:50.750000Z",
  "period_from": "2026-11-18T11:06:47.250000Z",
  "period_to": "2026-11-18T11:06:50.250000Z",
  "price_books": [
    {"version": 1, "sha256": "085f0fb266b08dbf3d3ba156eade499e931ef68fa98f51c9a5ef5d7da7e966b4"}
  ],
  "lines": [
    {"kind": "work", "subject": "ep_1", "offer": "c.1.on_demand", "chip": "c", "cores": 1, "price_book_version": 1, "micro_per_core_hour": 100, "count": 1, "seconds": 0, "cycles": 36123, "picojoules": 252861, "exact_nano": 1004, "amount_micro": 1},
    {"kind": "work", "subject": "ep_2", "offer": "c.shared", "chip": "c", "cores": 1, "price_book_version": 1, "micro_per_core_hour": 333, "count": 2, "seconds": 0, "cycles": 5778, "picojoules": 40446, "exact_nano": 535, "amount_micro": 0}
  ],
  "records": 3,
  "first_sequence": 1,
  "last_sequence": 3,
  "chain_before": "0000000000000000000000000000000000000000000000000000000000000000",
  "chain_after": "06974787a948669885408158b21d6736e5ec1c5a93e32da7ba48a86e4cd25ed4",
  "records_sha256": "9b2b9a2c6cf7fb900fb21548319a652ba39593923876e73e25679faaedd392a9",
  "exact_nano": 1539,
  "rounding_nano": 539,
  "total_micro": 1,
  "total": "0.000001",
  "sha256": "87a968c82d7e7eec96232adc2ed1141d49d257e5f158c14a514c95d45c042cb1"
}
');
INSERT INTO invoices VALUES('tn_a', 'inv_tn_a_2', 1795004133000000, 4, 5, 2, 72, '{
  "invoice": "inv_tn_a_2",
  "tenant": "tn_a",
  "currency": "USD",
  "created_at": "2026-11-18T12:15:32.750000Z",
  "period_from": "2026-11-18T11:07:11.500000Z",
  "period_to": "2026-11-18T12:15:32.250000Z",
  "price_books": [
    {"version": 1, "sha256": "085f0fb266b08dbf3d3ba156eade499e931ef68fa98f51c9a5ef5d7da7e966b4"}
  ],
  "lines": [
    {"kind": "capacity", "subject": "ls_1", "offer": "c.1.on_demand", "chip": "c", "cores": 1, "price_book_version": 1, "micro_per_core_hour": 36, "count": 1, "seconds": 27, "cycles": 0, "picojoules": 0, "exact_nano": 270, "amount_micro": 0},
    {"kind": "capacity", "subject": "ls_2", "offer": "c.1.reserved", "chip": "c", "cores": 1, "price_book_version": 1, "micro_per_core_hour": 36, "count": 1, "seconds": 7200, "cycles": 0, "picojoules": 0, "exact_nano": 72000, "amount_micro": 72}
  ],
  "records": 2,
  "first_sequence": 4,
  "last_sequence": 5,
  "chain_before": "06974787a948669885408158b21d6736e5ec1c5a93e32da7ba48a86e4cd25ed4",
  "chain_after": "3d90f158a76040e3cbbfcbc0a82d3d771930fa54c2e40fa3e78a7935e1b98c71",
  "records_sha256": "466f6e32720c12f30c8f32f6be1492c6ab52fc563e33e8b897055b583bc43ae4",
  "exact_nano": 72270,
  "rounding_nano": 270,
  "total_micro": 72,
  "total": "0.000072",
  "sha256": "5655c00af0132763e551fc76224d1b39f5c3206c3b5b35a2ff5f3c118eee715c"
}
');
CREATE UNIQUE INDEX holds_quote ON holds(quote) WHERE quote <> '';
CREATE UNIQUE INDEX records_quote ON records(quote) WHERE quote <> '';
CREATE INDEX leases_tenant ON leases(tenant);
CREATE INDEX events_subject ON events(subject);
CREATE TRIGGER entries_stay BEFORE UPDATE ON entries BEGIN SELECT RAISE(ABORT, 'ledger entries are append-only'); END;
CREATE TRIGGER entries_keep BEFORE DELETE ON entries BEGIN SELECT RAISE(ABORT, 'ledger entries are append-only'); END;
CREATE TRIGGER records_stay BEFORE UPDATE ON records BEGIN SELECT RAISE(ABORT, 'usage records are append-only'); END;
CREATE TRIGGER records_keep BEFORE DELETE ON records BEGIN SELECT RAISE(ABORT, 'usage records are append-only'); END;
CREATE TRIGGER journal_stay BEFORE UPDATE ON journal BEGIN SELECT RAISE(ABORT, 'the journal is append-only'); END;
CREATE TRIGGER journal_keep BEFORE DELETE ON journal BEGIN SELECT RAISE(ABORT, 'the journal is append-only'); END;
CREATE TRIGGER invoices_stay BEFORE UPDATE ON invoices BEGIN SELECT RAISE(ABORT, 'invoices are append-only'); END;
CREATE TRIGGER invoices_keep BEFORE DELETE ON invoices BEGIN SELECT RAISE(ABORT, 'invoices are append-only'); END;
CREATE TRIGGER books_stay BEFORE UPDATE ON price_books BEGIN SELECT RAISE(ABORT, 'price books never change'); END;
CREATE TRIGGER books_keep BEFORE DELETE ON price_books BEGIN SELECT RAISE(ABORT, 'price books never change'); END;
PRAGMA application_id=1129926215;
PRAGMA user_version=1;
